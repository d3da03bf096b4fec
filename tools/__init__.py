"""What developers and the demo need beside the product: set-up, launcher, simulators, story."""
