"""Plays Tencent Cloud SMS over real HTTP."""
