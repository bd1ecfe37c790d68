/* Stand-in for a DLL that Wine 8 lacks, for tests alone: random bytes for Rust's standard library. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return RtlGenRandom(data, (ULONG)length);
}
