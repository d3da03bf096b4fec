"""What every feature stands on and none owns."""
