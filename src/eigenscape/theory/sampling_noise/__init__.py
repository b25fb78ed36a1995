"""The law of batch Hessians as weighted sums over sampled examples."""
