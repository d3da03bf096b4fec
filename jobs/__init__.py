"""What happens by itself: the timetable, its runner, the relay and the sender."""
