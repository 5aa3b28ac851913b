//! The elliptic curves of RFC 7518 section 6.2.1.1, and which points lie on them.

use core::fmt;

/// A prime curve for ECDSA, the `crv` of a JWK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// `P-256`.
    P256,
    /// `P-384`.
    P384,
    /// `P-521`.
    P521,
}

impl Curve {
    /// Every curve of this version.
    pub const ALL: &'static [Curve] = &[Curve::P256, Curve::P384, Curve::P521];

    /// The registered name, as it stands in `crv`.
    pub const fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }

    /// The length of a coordinate in bytes (RFC 7518 section 6.2.1.2).
    pub const fn coordinate_len(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// Whether both coordinates, big-endian, are below the curve's prime and solve its equation.
    /// The point at infinity has no coordinates, and the cofactor is 1: such a point is a key.
    pub(crate) fn has_point(self, x: &[u8], y: &[u8]) -> bool {
        match self {
            Curve::P256 => P256.has_point(x, y),
            Curve::P384 => P384.has_point(x, y),
            Curve::P521 => P521.has_point(x, y),
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// y² = x³ − 3x + b modulo p, with R = 2^(64·N). Limbs are little-endian.
struct Equation<const N: usize> {
    p: [u64; N],
    /// −1/p modulo 2⁶⁴.
    p_inverse: u64,
    /// 3/R.
    three: [u64; N],
    /// b/R².
    b: [u64; N],
}

impl<const N: usize> Equation<N> {
    /// Public numbers only, so time may depend on them.
    fn has_point(&self, x: &[u8], y: &[u8]) -> bool {
        let (x, y) = (limbs::<N>(x), limbs::<N>(y));
        if !(self.is_reduced(&x) && self.is_reduced(&y)) {
            return false;
        }
        // Each product brings a factor 1/R. Instead of converting x and y first, both sides are
        // brought to 1/R²: (y²/R)·1/R and (x²/R − 3/R)·x/R + b/R².
        let y_squared = self.multiply(&self.multiply(&y, &y), &limbs::<N>(&[1]));
        let x_squared_less_three = self.subtract(&self.multiply(&x, &x), &self.three);
        let x_part = self.multiply(&x_squared_less_three, &x);
        self.subtract(&y_squared, &self.b) == x_part
    }

    fn is_reduced(&self, number: &[u64; N]) -> bool {
        number.iter().rev().lt(self.p.iter().rev())
    }

    /// a·b/R modulo p, after Montgomery: for each limb of b, adds its product with a and the
    /// multiple of p that clears the lowest limb of the sum, then drops that limb.
    fn multiply(&self, a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        let mut sum = [0; N];
        let mut sum_top = 0;
        let (Some((a_first, a_rest)), Some((p_first, p_rest))) =
            (a.split_first(), self.p.split_first())
        else {
            return sum;
        };
        for digit in b {
            let first = sum.first().copied().unwrap_or_default();
            let (first, mut carry) = multiply_add(*a_first, *digit, first, 0);
            let factor = first.wrapping_mul(self.p_inverse);
            let (_, mut p_carry) = multiply_add(*p_first, factor, first, 0);
            let mut next = [0; N];
            let limbs = next
                .iter_mut()
                .zip(sum.iter().skip(1))
                .zip(a_rest)
                .zip(p_rest);
            for (((next, limb), a), p) in limbs {
                let partial;
                (partial, carry) = multiply_add(*a, *digit, *limb, carry);
                (*next, p_carry) = multiply_add(*p, factor, partial, p_carry);
            }
            let (last, top) = multiply_add(sum_top, 1, carry, p_carry);
            if let Some(highest) = next.last_mut() {
                *highest = last;
            }
            (sum, sum_top) = (next, top);
        }
        // INVARIANT: the sum is below 2p.
        let (reduced, borrow) = subtract(&sum, &self.p);
        if borrow && sum_top == 0 { sum } else { reduced }
    }

    fn subtract(&self, a: &[u64; N], b: &[u64; N]) -> [u64; N] {
        let (difference, borrow) = subtract(a, b);
        if borrow {
            add(&difference, &self.p)
        } else {
            difference
        }
    }
}

/// The big-endian number in little-endian limbs; it fits when its length is the curve's.
fn limbs<const N: usize>(number: &[u8]) -> [u64; N] {
    let mut limbs = [0; N];
    for (limb, chunk) in limbs.iter_mut().zip(number.rchunks(8)) {
        *limb = chunk
            .iter()
            .fold(0, |limb, byte| (limb << 8) | u64::from(*byte));
    }
    limbs
}

/// a·b + c + d, low and high half. It fits: (2⁶⁴ − 1)² + 2·(2⁶⁴ − 1) = 2¹²⁸ − 1.
fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    split(
        product
            .wrapping_add(u128::from(c))
            .wrapping_add(u128::from(d)),
    )
}

fn subtract<const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], bool) {
    let mut difference = [0; N];
    let mut borrow = false;
    for ((limb, a), b) in difference.iter_mut().zip(a).zip(b) {
        let (partial, first) = a.overflowing_sub(*b);
        let (whole, second) = partial.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (whole, first | second);
    }
    (difference, borrow)
}

/// Modulo R.
fn add<const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    let mut sum = [0; N];
    let mut carry = 0;
    for ((limb, a), b) in sum.iter_mut().zip(a).zip(b) {
        (*limb, carry) = multiply_add(*a, 1, *b, carry);
    }
    sum
}

/// Low and high half.
fn split(number: u128) -> (u64, u64) {
    let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
    (half(number), half(number >> 64))
}

/// NIST SP 800-186 section 3.2.1.3. The tests compute the last two of each from b.
const P256: Equation<4> = Equation {
    p: [
        0xffff_ffff_ffff_ffff,
        0x0000_0000_ffff_ffff,
        0,
        0xffff_ffff_0000_0001,
    ],
    p_inverse: 1,
    three: [
        0x0000_0009_0000_0002,
        0x0000_0003_ffff_fffa,
        0xffff_fff7_0000_0006,
        0xffff_fffc_0000_0009,
    ],
    b: [
        0xe59b_e0a6_4584_a137,
        0xfc35_21eb_9ca0_65a7,
        0x7c17_8684_a0f4_5303,
        0x3081_dc38_d948_431a,
    ],
};

/// NIST SP 800-186 section 3.2.1.4.
const P384: Equation<6> = Equation {
    p: [
        0x0000_0000_ffff_ffff,
        0xffff_ffff_0000_0000,
        0xffff_ffff_ffff_fffe,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
    ],
    p_inverse: 0x0000_0001_0000_0001,
    three: [
        0xffff_ffa3_0000_0012,
        0xffff_ffc3_ffff_ff8a,
        0xffff_fff3_ffff_fff9,
        0xffff_fff6_ffff_fff0,
        0x0000_0024_0000_0008,
        0x0000_003c_0000_003c,
    ],
    b: [
        0x915a_902a_4a46_51db,
        0x2c9f_09fa_919d_89c2,
        0xfc7a_73ca_8040_8afd,
        0x9e15_936d_2ed8_6bff,
        0xbefd_4246_abba_b844,
        0xf7cd_02a7_8f62_a21c,
    ],
};

/// NIST SP 800-186 section 3.2.1.5.
const P521: Equation<9> = Equation {
    p: [
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0x1ff,
    ],
    p_inverse: 1,
    three: [0, 0, 0, 0, 0, 0, 0, 0xc_0000, 0],
    b: [
        0x02f4_eec6_fc1c_d5cf,
        0xe547_b1fa_4dec_594b,
        0x2646_3bc4_2785_5864,
        0xc96e_66cc_57ce_e2d2,
        0x8682_da15_03ba_8b69,
        0xe586_3872_687e_4a68,
        0xa35a_81f8_0146_54fa,
        0x41e9_61a7_8f7a_28fe,
        0xfc,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    /// p, b and the base point of NIST SP 800-186 sections 3.2.1.3 to 3.2.1.5.
    const STANDARD: [(Curve, [&str; 4]); 3] = [
        (
            Curve::P256,
            [
                "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
                "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
            ],
        ),
        (
            Curve::P384,
            [
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe\
                 ffffffff0000000000000000ffffffff",
                "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a\
                 c656398d8a2ed19d2a85c8edd3ec2aef",
                "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38\
                 5502f25dbf55296c3a545e3872760ab7",
                "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0\
                 0a60b1ce1d7e819d7a431d7c90ea0e5f",
            ],
        ),
        (
            Curve::P521,
            [
                "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                 ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef1\
                 09e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
                "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d\
                 3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
                "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e\
                 662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
            ],
        ),
    ];

    fn constants_agree<const N: usize>(own: &Equation<N>, p: &[u8], b: &[u8]) {
        let one = limbs::<N>(&[1]);
        assert_eq!(own.p, limbs::<N>(p));
        assert_eq!(own.p[0].wrapping_mul(own.p_inverse), u64::MAX);
        assert_eq!(own.three, own.multiply(&limbs::<N>(&[3]), &one));
        assert_eq!(
            own.b,
            own.multiply(&own.multiply(&limbs::<N>(b), &one), &one)
        );
    }

    #[test]
    fn the_constants_follow_from_the_standard() {
        for (curve, numbers) in STANDARD {
            let [p, b, _, _] = numbers.map(bytes);
            match curve {
                Curve::P256 => constants_agree(&P256, &p, &b),
                Curve::P384 => constants_agree(&P384, &p, &b),
                Curve::P521 => constants_agree(&P521, &p, &b),
            }
        }
    }

    #[test]
    fn the_base_point_and_its_negative_are_on_the_curve() {
        for (curve, numbers) in STANDARD {
            let [p, _, x, y] = numbers.map(bytes);
            assert_eq!(x.len(), curve.coordinate_len());
            assert!(curve.has_point(&x, &y), "{curve}");
            assert!(curve.has_point(&x, &difference(&p, &y)), "{curve}");
        }
    }

    #[test]
    fn any_changed_bit_leaves_the_curve() {
        for (curve, numbers) in STANDARD {
            let [_, _, x, y] = numbers.map(bytes);
            for bit in 0..x.len() * 8 {
                let flip = |bytes: &[u8]| {
                    let mut changed = bytes.to_vec();
                    changed[bit / 8] ^= 0x80 >> (bit % 8);
                    changed
                };
                assert!(!curve.has_point(&flip(&x), &y), "{curve} x {bit}");
                assert!(!curve.has_point(&x, &flip(&y)), "{curve} y {bit}");
            }
            assert!(!curve.has_point(&y, &x), "{curve}");
        }
    }

    #[test]
    fn a_coordinate_is_below_the_prime() {
        // x = 0 with a root of b as y is a point of P-256; x = p is the same number, refused.
        let y = bytes("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
        let p = bytes(STANDARD[0].1[0]);
        assert!(Curve::P256.has_point(&[0; 32], &y));
        assert!(!Curve::P256.has_point(&p, &y));
        assert!(!Curve::P256.has_point(&[255; 32], &y));
        for curve in Curve::ALL {
            let zero = vec![0; curve.coordinate_len()];
            assert!(!curve.has_point(&zero, &zero), "{curve}");
        }
    }

    fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
        let mut borrow = false;
        let mut digits: Vec<u8> = Vec::new();
        for (a, b) in a.iter().zip(b).rev() {
            let (partial, first) = a.overflowing_sub(*b);
            let (digit, second) = partial.overflowing_sub(u8::from(borrow));
            borrow = first | second;
            digits.insert(0, digit);
        }
        digits
    }
}
