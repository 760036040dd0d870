"""The use cases over HTTP, and the choice between them and the services in process."""
