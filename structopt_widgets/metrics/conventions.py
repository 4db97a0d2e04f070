"""What each number stands on: its definition in full, and whose it is. Receipts quote it."""

from __future__ import annotations

from collections.abc import Mapping

CONVENTIONS: Mapping[str, str] = {
    "n_params": "Elements of all weights, trainable and not; a shared weight counts once. Equals Keras's "
    "Model.count_params().",
    "n_trainable": "Elements of the weights that training changes: what Model.trainable_weights holds.",
    "macs": "Multiply-accumulates of matrix, convolution, recurrent and attention products, for one sample. "
    "A lookup in an embedding is none.",
    "flops": "2 x MACs + every other scalar operation, for one sample: a bias 1 an output, batch normalization 2, "
    "addition, multiplication and maximum 1, exp, log, tanh, erf and square root 1 each; the table is "
    "layer_rules/activation_costs.py. tf.profiler counts the same products and bias additions, but no relu.",
    "weight_bytes": "Bytes of all weights, each in its own dtype: mixed precision keeps variables in float32.",
    "peak_activation_bytes": "The largest sum of live tensors over the operations in execution order, those inside a "
    "layer included, for a batch, the model's input among them. A tensor lives from the operation that makes it to "
    "its last reader; nothing is fused and nothing is done in place: what a planner such as XLA's improves on.",
    "training_bytes": "Weights, their gradients, the optimizer's slots (Adam: 2 x trainable; Kingma and Ba 2015) and "
    "the most that activations take over both passes, for a batch: at each operation what all up to it keep for "
    "their derivatives, and the gradients of the tensors that are alive there. A layer's share is what it holds "
    "throughout, without those gradients. The workspaces of kernels are left out.",
    "kv_cache_bytes": "Keys and values of every self-attention layer that is called with use_causal_mask=True, over "
    "the whole sequence, for a batch, in the layer's compute dtype: 2 x key heads x head size x positions where "
    "keys and values are of one size (Shazeer 2019; Ainslie et al. 2023). Attention "
    "written by hand from keras.ops is not seen.",
    "span": "The longest chain of scalar operations that wait for one another, sums done as trees: a product over k "
    "terms 1 + ceil(log2 k), a bias 1, an activation its own operations (relu 1, sigmoid 4), softmax over n "
    "2 ceil(log2 n) + 3, a sum over one term 1, as the FLOPs count it; "
    "through the graph, the longest path (Brent 1974; Blelloch 1996). A tensor with a time axis is "
    "ready step by step: the products with a recurrent layer's input do not wait for its state.",
    "parallelism": "Work / span, work being the FLOPs: how many operations could run at once on unlimited processors "
    "(Brent 1974; Blelloch 1996), for one sample.",
}
