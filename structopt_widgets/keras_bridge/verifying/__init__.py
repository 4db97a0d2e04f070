"""The copy against the given model, our counts against Keras, TensorFlow and XLA."""
