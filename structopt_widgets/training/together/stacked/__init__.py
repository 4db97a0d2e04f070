"""Many structures as one network: the layers of the widest one, vectorized over members."""
