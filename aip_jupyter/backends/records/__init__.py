"""What every backend that keeps records is made of."""
