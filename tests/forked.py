"""What the fork server has in memory before it forks, so that no racing process makes it again."""

import gc

import audit_builders
import clinic_database
import contract_builders
import followup_builders
import mandate_builders
import message_builders
import prescription_builders
import privacy_builders
import races
import sms_builders
import staffing_builders
from sqlalchemy.orm import configure_mappers

import jobs.runner
import miniapp_api.application
import tools.demo_region
from backend.identity.gateway import tls

__all__ = [
    "audit_builders",
    "clinic_database",
    "contract_builders",
    "followup_builders",
    "jobs",
    "mandate_builders",
    "message_builders",
    "miniapp_api",
    "prescription_builders",
    "privacy_builders",
    "races",
    "sms_builders",
    "staffing_builders",
    "tools",
]

configure_mappers()
tls()
# Else a child's first collection touches, and so copies, all of it.
gc.collect()
gc.freeze()
