"""What ultra is measured against."""
