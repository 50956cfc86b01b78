"""What may be looked at. Looking is a use case: it leaves an audit row before the answer."""
