"""What may leave this machine: keys and tokens are found before a prompt is sent."""
