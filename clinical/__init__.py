"""Rules about what people say and write, judged the same way by every service: pure, no I/O."""
