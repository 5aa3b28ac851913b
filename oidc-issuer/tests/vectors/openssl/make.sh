#!/bin/sh
# Makes the keys of this folder anew. See README.md.
set -eu
cd "$(dirname "$0")"

# RSA: PKCS#8, then the same key as PKCS#1.
for bits in 1024 2048 3072 4096 8192; do
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:$bits -out rsa-$bits.pkcs8.pem
done
for name in b c d; do
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa-2048-$name.pkcs8.pem
done
for bits in 2048 3072 4096; do
    openssl rsa -in rsa-$bits.pkcs8.pem -traditional -out rsa-$bits.pkcs1.pem
done
openssl rsa -in rsa-2048.pkcs8.pem -traditional -outform DER -out rsa-2048.pkcs1.der
openssl pkcs8 -topk8 -nocrypt -in rsa-2048.pkcs8.pem -outform DER -out rsa-2048.pkcs8.der
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
    -pkeyopt rsa_keygen_pubexp:3 -out rsa-2048-e3.pkcs8.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
    -pkeyopt rsa_keygen_primes:3 -out rsa-2048-3-primes.pkcs8.pem
openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss-2048.pkcs8.pem

# EC: PKCS#8, then the same key as SEC1 in its variations.
for curve in P-256 P-384 P-521 secp256k1; do
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out $curve.pkcs8.pem
done
for curve in P-256 P-384 P-521; do
    openssl ec -in $curve.pkcs8.pem -out $curve.sec1.pem
    openssl ec -in $curve.pkcs8.pem -no_public -out $curve-no-public.sec1.pem
    openssl ec -in $curve.pkcs8.pem -conv_form compressed -out $curve-compressed.sec1.pem
done
openssl ec -in P-256.pkcs8.pem -outform DER -out P-256.sec1.der
openssl pkcs8 -topk8 -nocrypt -in P-256.pkcs8.pem -outform DER -out P-256.pkcs8.der
openssl ec -in P-256.pkcs8.pem -param_enc explicit -out P-256-explicit.sec1.pem
openssl ecparam -name prime256v1 -genkey -out P-256-with-parameters.sec1.pem

# Edwards and Montgomery curves.
for name in ed25519 ed448 x25519; do
    openssl genpkey -quiet -algorithm $name -out $name.pkcs8.pem
done
openssl genpkey -quiet -algorithm ed25519 -out ed25519-b.pkcs8.pem
openssl pkcs8 -topk8 -nocrypt -in ed25519.pkcs8.pem -outform DER -out ed25519.pkcs8.der

# Encrypted, with the passphrase "secret".
openssl pkcs8 -topk8 -in P-256.pkcs8.pem -passout pass:secret -out P-256.encrypted-pkcs8.pem
openssl ec -in P-256.pkcs8.pem -aes-128-cbc -passout pass:secret -out P-256.encrypted-sec1.pem
