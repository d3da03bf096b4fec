"""Follow-up programmes [随访]."""
