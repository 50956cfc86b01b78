"""Between the domain and the outside: documents, events, requests, frames."""
