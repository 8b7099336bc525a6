"""The rules of permission and decision, as plain Python."""
