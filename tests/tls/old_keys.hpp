// Certificates with keys that TLS knows no more, made once with OpenSSL for a hundred years.
#pragma once

namespace cohttps::testing {

/// A root with a DSA key of 2048 bits.
inline constexpr const char* dsa_root_pem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIEfzCCBCSgAwIBAgIUCBPKmIpy5c8Fc34qisyPHki/gPkwCwYJYIZIAWUDBAMC\n"
    "MBMxETAPBgNVBAMMCERTQSByb290MCAXDTI2MTEzMDE4MjQzMloYDzIxMjYxMTA2\n"
    "MTgyNDMyWjATMREwDwYDVQQDDAhEU0Egcm9vdDCCA0cwggI5BgcqhkjOOAQBMIIC\n"
    "LAKCAQEA0LvKfV/UXC0qiBoVFt1DTsAKojLirlijMlT3lHs+gauKvyXB8o5ynH5a\n"
    "X07ywDGcE7DxSluK3KYtcXb6gN45rFSl9pmcEw76UFLlz2P1TGanT8kcbpS1KsiP\n"
    "cvLrBS2uSb2KbtgBfDzhcYCZqHU8KXdQTexTetcexodkA1usN1DfIp2NAq84xqg3\n"
    "O7TqetZkufNSjpjaAxg2AUsl/axyZPaeAlcyLldGiMMAetKdzzXa2jbW9ALQBRT3\n"
    "bDju6AU297GpFBRb71RGdM3kVzRX100ZXVTylq0rn0lnBeIVzf4EVIU1Am/x6eKX\n"
    "ERZ6wEPn+UZTUIgu3zLsTkak6nV3XwIhAJaEPkShdJ1InbUtM6plfgR0dMLBh7b0\n"
    "uBnCCPM+i5HrAoIBADjsBIqTbw0K9juswL66SaLezkCqf68bGIP+ULuOoLm8nSTg\n"
    "HpeAn17yDfY+gMbZXitUVFxkyPBuUpUGL2uySwTolCL3SIn95UhCDIFLRaBGndEz\n"
    "tn2yXJBHMhSt0tMryrdDVlXtuDHGAtDWLkzBQF55S2tF36hVErCXF6WKouw5YeJM\n"
    "xn9y3kieHdAgyTd5p7y/M4diqI0Ar6BhzKQqJ3PX03eD3d70sEEBNuWLJVLvkqbn\n"
    "s+VMl0pbPzspD9Z3xLAUfAUS8rvbbfk/CdYiAGkaIw672omcnV98Lj3AzK5QJuQf\n"
    "t+ipWS/ScJdmUnl4dS1yoForGc+HxHsm8HCZGf8DggEGAAKCAQEAvZC+wQFlQPNT\n"
    "EptGfxmAmmcYLW4Of4213n2++u32dQe8xsfGZHKO+2fC5ig+ztY8shL8uD1Mh+vU\n"
    "xjZwqkkgsKlu6x6377neXiEkE8tiF6FWV3Tv6JvvcqX5NSSVV+yQYwbmnZnbR5bZ\n"
    "H/k4Oahi4uD1b/MRCf4AmZpQXanUQYmleLdqov+xySX0XTk8kzCWaNI+/XovVwRj\n"
    "3om7vB9J1F+khOZsUW6yAGsEVw9S2TVYvIiRM8itPq0R6ncdUejkow6Nin4E64af\n"
    "z06v6nKV3d/TVj7KkDbIKsFswm/UaKKBYqT9VySQ/Len1tI3U/AtaGzK/dlWLuBo\n"
    "jdXPl44FdqNjMGEwHQYDVR0OBBYEFFhLrWM1SdY72v4GFak4HJW5ClUwMB8GA1Ud\n"
    "IwQYMBaAFFhLrWM1SdY72v4GFak4HJW5ClUwMA8GA1UdEwEB/wQFMAMBAf8wDgYD\n"
    "VR0PAQH/BAQDAgEGMAsGCWCGSAFlAwQDAgNIADBFAiBPZKA5KAUDnW2gCPwzt7gN\n"
    "O8DZBQeeUGrtpcwsIdFzRAIhAJHPv7mvKzOVJi5szdrzI1qszhLs/2T/9zywS+Qe\n"
    "/zdh\n"
    "-----END CERTIFICATE-----\n";

/// A certificate for localhost that this root signed, and its key on P-256.
inline constexpr const char* leaf_of_dsa_root_pem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBtjCCAVygAwIBAgIUfeRBQImClN8pxRXT2qkQzeNE4VgwCwYJYIZIAWUDBAMC\n"
    "MBMxETAPBgNVBAMMCERTQSByb290MCAXDTI2MTEzMDE4MjQzMloYDzIxMjYxMTA2\n"
    "MTgyNDMyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAASFUcpDTab6aBoYD33EPB3xlOgVbDj+dCRM1+qQaBEfKHrOHRjqBPNr\n"
    "x4UG6d5zcnUoKCp3duvTPiv73U/5ys4Eo4GJMIGGMBQGA1UdEQQNMAuCCWxvY2Fs\n"
    "aG9zdDAJBgNVHRMEAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEF\n"
    "BQcDATAdBgNVHQ4EFgQUnCA/Bnj5jU8EkXJH2mpH9eGG1YwwHwYDVR0jBBgwFoAU\n"
    "WEutYzVJ1jva/gYVqTgclbkKVTAwCwYJYIZIAWUDBAMCA0cAMEQCIAqfJG4zaUvt\n"
    "fVnKNqiLjnVrUZgJSCZeNmY4rM8NDB/tAiAh8GE7f2RSZmIERmygti94rXSNwry7\n"
    "4KVlsHG05nVLWQ==\n"
    "-----END CERTIFICATE-----\n";

inline constexpr const char* leaf_of_dsa_root_key_pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTUhWv2b8roEyoU66\n"
    "ZwLDJJI1pGszBTJUa7F87HEmqSuhRANCAASFUcpDTab6aBoYD33EPB3xlOgVbDj+\n"
    "dCRM1+qQaBEfKHrOHRjqBPNrx4UG6d5zcnUoKCp3duvTPiv73U/5ys4E\n"
    "-----END PRIVATE KEY-----\n";

/// Self-signed, with a key on secp256k1.
inline constexpr const char* secp256k1_pem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfDCCASKgAwIBAgIUQyk0P8loSMxdB3+/z7P0NvN8ycMwCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJc2VjcDI1NmsxMCAXDTI2MTEzMDE4MjQzMloYDzIxMjYxMTA2\n"
    "MTgyNDMyWjAUMRIwEAYDVQQDDAlzZWNwMjU2azEwVjAQBgcqhkjOPQIBBgUrgQQA\n"
    "CgNCAARLpar6B5oREeODNDwKEd2ewL9qKXZP/NPCrdv95OLJ85YvFZ7lRLbj4AVl\n"
    "rWfrZcN7la4+HUZoGvlP+Aj/yBfMo1MwUTAdBgNVHQ4EFgQUjnpsux5jiMyeBJyt\n"
    "BcjF+6xINq0wHwYDVR0jBBgwFoAUjnpsux5jiMyeBJytBcjF+6xINq0wDwYDVR0T\n"
    "AQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA5Oz6vWHJlWFptmaQd/vA1u65\n"
    "tTnA8aj5DLzi+7MVQMsCIHSRxovdl8cTCO7+3aQHzAKBZGyEHxrXN6U+z5VHhVA7\n"
    "-----END CERTIFICATE-----\n";

}  // namespace cohttps::testing
