"""Routes for the audience `auditor`: they read logs, and nothing else."""
