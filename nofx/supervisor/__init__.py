"""Starts the platform on one machine, keeps it running and stops it."""
