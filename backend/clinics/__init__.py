"""Specialist sessions in the community [专家下沉]."""
