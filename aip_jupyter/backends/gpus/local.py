from .memory import open_gpus as open_gpus
