"""Programs that run inside the sandbox, as files."""
