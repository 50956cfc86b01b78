"""What operators see of a process: numbers (metrics) and paths (traces), never a person."""
