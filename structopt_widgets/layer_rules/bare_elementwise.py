"""Rules of bare ``keras.ops`` calls that treat each element by itself: tables of what each takes."""

from __future__ import annotations

from .activation_costs import ACTIVATION_COSTS
from .bare_axes import register_bare
from .bare_operations import Combination
from .core import Identity
from .rule import Elementwise

# Operations an element: comparisons, selections and roots count as one, as do functions with a kernel of their own.
_ONE = {
    0: "Real Imag Conjugate FullLike",
    1: "Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctanh BitwiseInvert BitwiseNot Cbrt Cosh Deg2rad Erfc Erfinv "
    "Exp2 Expm1 Fabs I0 Isfinite Isinf Isnan Isneginf Isposinf Isreal Log10 Log1p Log2 Rad2deg Signbit Sinh Tan Trunc",
    2: "HardTanh TanhShrink SaturateCast Threshold",
    3: "HardShrink NanToNum Sinc",
    4: "SoftShrink SparseSigmoid",
    5: "SparsePlus",
}
_TWO = {
    1: "Arctan2 BitwiseAnd BitwiseLeftShift BitwiseOr BitwiseRightShift BitwiseXor FloorDivide Fmax Fmin Fmod Gcd "
    "Heaviside Lcm LeftShift LogicalXor Nextafter RightShift",
    2: "DivideNoNan Ldexp",
    4: "Hypot Isclose Logaddexp Logaddexp2",
}

for _flops, _names in _ONE.items():
    register_bare(Elementwise(_flops, _flops, kept=int(_flops > 0)), *_names.split())
for _flops, _names in _TWO.items():
    register_bare(Combination(flops=_flops, span=_flops), *_names.split())
for _class, _name in {"Celu": "celu", "Squareplus": "squareplus"}.items():
    register_bare(Elementwise(ACTIVATION_COSTS[_name].flops, ACTIVATION_COSTS[_name].span), _class)
register_bare(Identity(kept=0), "Copy")
