"""Wire to domain and back, documents to domain and back; nothing inside asks again."""
