"""What runs inside the sandbox for quality; each file is started there as a script of its own."""
