"""What intake knows about care, and nothing about wires, stores or clocks."""
