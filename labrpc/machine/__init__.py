"""What the lab asks of the machine it runs on, and of its Python."""
