"""The text that is read and confirmed."""

import hashlib

from backend.contracting.agreement import Parties, form, wording

PARTIES = Parties(institution="示例中心", team="一队", resident="王桂芬", months=24)


def test_the_form_says_all_that_an_agreement_must() -> None:
    subjects = [clause.subject for clause in form().clauses]
    assert subjects == ["content", "mode", "term", "team_duties", "resident_duties", "other"]


def test_the_text_names_both_parties_the_term_and_its_version() -> None:
    text = wording(PARTIES)
    for word in ("示例中心 一队", "王桂芬", "24 个月", "不会自动续签", f"版本：{text.version}"):
        assert word in text.text
    assert "{" not in text.text
    assert len(text.text) < 20_000


def test_the_hash_stands_for_the_exact_bytes() -> None:
    text = wording(PARTIES)
    assert text.sha256 == hashlib.sha256(text.text.encode("utf-8")).hexdigest()
    other = Parties(institution="示例中心", team="一队", resident="王桂芬", months=12)
    assert wording(other).sha256 != text.sha256


def test_a_brace_in_a_name_is_just_a_brace() -> None:
    odd = Parties(institution="{team}", team="{0}", resident="{x}", months=12)
    assert "{team} {0}" in wording(odd).text
