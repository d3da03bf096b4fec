"""Routes for every member of staff."""
