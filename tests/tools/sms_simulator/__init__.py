"""The simulator is started as a process and spoken to over HTTP."""
