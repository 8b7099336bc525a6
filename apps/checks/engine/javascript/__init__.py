"""What is told of a text in JavaScript without running it: likely faults, insecure code, what it imports."""
