"""Family-doctor contracts [签约]."""
