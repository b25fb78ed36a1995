"""Free convolutions of any two laws, by subordination."""
