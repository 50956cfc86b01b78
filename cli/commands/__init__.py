"""The sub-commands of `haven`, a file each."""
