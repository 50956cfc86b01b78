"""The main job, played through the public API and checked claim by claim."""
