"""What the generation track does with programs in JavaScript and TypeScript: compare, merge, test and describe them."""
