"""What is right: the cases with their results by autograd, and the passes step by step."""
