"""Everything that can fail fails at random under load; then both sides' books are compared."""
