"""How fast it is, beside what the machine could do; see README.md."""
