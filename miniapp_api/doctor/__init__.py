"""Routes for the audience `doctor`."""
