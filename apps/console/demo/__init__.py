"""What a fresh installation shows: five people and a small repository, made on the spot."""
