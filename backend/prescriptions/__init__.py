"""Long prescriptions [长处方]."""
