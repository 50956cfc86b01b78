"""The story, a file per chapter, played through the public API; each checks its claims."""
