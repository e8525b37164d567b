"""The 256 values of each OFP8 format, from the published definition alone.

OCP 8-bit floating point specification (OFP8) 1.0, section 5, tables 1 and 2:
E4M3: bias 7, no infinities, NaN is S.1111.111, largest S.1111.110 = 448, smallest normal 2^-6, smallest subnormal 2^-9.
E5M2: bias 15, infinities S.11111.00, NaN S.11111.{01, 10, 11}, largest 57344, smallest normal 2^-14, subnormal 2^-16.
/usr/bin/python3 scripts/ofp8_tables.py > test/vectors/ofp8.json
Values are fractions as text, "nan", "inf", "-inf" or "-0"; the place in the list is the bit pattern.
"""

import json
import sys
from fractions import Fraction


def e4m3(sign, field, fraction):
    if field == 15 and fraction == 7:
        return "nan"
    if field == 0:
        return Fraction(fraction, 8) * Fraction(2) ** -6
    return (1 + Fraction(fraction, 8)) * Fraction(2) ** (field - 7)


def e5m2(sign, field, fraction):
    if field == 31:
        return "nan" if fraction else ("-inf" if sign else "inf")
    if field == 0:
        return Fraction(fraction, 4) * Fraction(2) ** -14
    return (1 + Fraction(fraction, 4)) * Fraction(2) ** (field - 15)


def table(value, fraction_bits):
    texts = []
    for bits in range(256):
        sign = bits >> 7
        field = (bits & 0x7F) >> fraction_bits
        number = value(sign, field, bits & (2**fraction_bits - 1))
        if isinstance(number, str):
            texts.append(number)
        else:
            texts.append(("-" if sign else "") + str(number))
    return texts


def main():
    tables = {"float8_e4m3": table(e4m3, 3), "float8_e5m2": table(e5m2, 2)}
    assert tables["float8_e4m3"][0x7E] == "448" and tables["float8_e5m2"][0x7B] == "57344"
    assert tables["float8_e4m3"][1] == "1/512" and tables["float8_e5m2"][1] == "1/65536"
    json.dump({"source": "OFP8 1.0, scripts/ofp8_tables.py", **tables}, sys.stdout, separators=(",", ":"))
    print()


main()
