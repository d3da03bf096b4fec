"""用药目录: common drugs for chronic diseases, and examples of what may never be given for long."""

from backend import prescriptions
from backend.prescriptions import DrugClass
from tools.demo_region.dice import Dice

ORDINARY = DrugClass.ORDINARY
# code, name, class, ATC, strength, unit, units in a pack, whether essential
DRUGS = [
    ("AML5", "苯磺酸氨氯地平片", ORDINARY, "C08CA01", "5mg", "片", 28, True),
    ("NIF30", "硝苯地平控释片", ORDINARY, "C08CA05", "30mg", "片", 7, True),
    ("VAL80", "缬沙坦胶囊", ORDINARY, "C09CA03", "80mg", "粒", 28, True),
    ("LOS50", "氯沙坦钾片", ORDINARY, "C09CA01", "50mg", "片", 14, False),
    ("ENA10", "马来酸依那普利片", ORDINARY, "C09AA02", "10mg", "片", 16, True),
    ("BIS5", "富马酸比索洛尔片", ORDINARY, "C07AB07", "5mg", "片", 10, True),
    ("MET47", "琥珀酸美托洛尔缓释片", ORDINARY, "C07AB02", "47.5mg", "片", 7, True),
    ("IND25", "吲达帕胺片", ORDINARY, "C03BA11", "2.5mg", "片", 28, True),
    ("HCT25", "氢氯噻嗪片", ORDINARY, "C03AA03", "25mg", "片", 100, True),
    ("ATO20", "阿托伐他汀钙片", ORDINARY, "C10AA05", "20mg", "片", 7, True),
    ("ASP100", "阿司匹林肠溶片", ORDINARY, "B01AC06", "100mg", "片", 30, True),
    ("MTF500", "盐酸二甲双胍片", ORDINARY, "A10BA02", "500mg", "片", 20, True),
    ("GLZ30", "格列齐特缓释片", ORDINARY, "A10BB09", "30mg", "片", 30, True),
    ("ACA50", "阿卡波糖片", ORDINARY, "A10BF01", "50mg", "片", 30, True),
    ("DIA25", "地西泮片", DrugClass.PSYCHOTROPIC_2, "N05BA01", "2.5mg", "片", 20, True),
    ("MOR10", "硫酸吗啡缓释片", DrugClass.NARCOTIC, "N02AA01", "10mg", "片", 10, True),
    ("AMX250", "阿莫西林胶囊", DrugClass.ANTIMICROBIAL, "J01CA04", "250mg", "粒", 24, True),
    ("EPH30", "盐酸麻黄碱片", DrugClass.PRECURSOR, "R03CA02", "30mg", "片", 20, False),
    ("INS300", "甘精胰岛素注射液", DrugClass.SPECIAL_STORAGE, "A10AE04", "300IU", "支", 1, True),
]
NAMES = ("code", "name", "drug_class", "atc", "strength", "unit", "pack_size", "is_essential")


def invent(dice: Dice) -> list[prescriptions.FormularyDrug]:
    """The same list in every region, as hospital and community lists are to be aligned."""
    return [
        prescriptions.FormularyDrug(id=dice.id(), **dict(zip(NAMES, drug, strict=True)))
        for drug in DRUGS
    ]
