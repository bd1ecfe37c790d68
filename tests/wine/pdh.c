/* Stand-in for Wine 8's pdh.dll, which lacks PdhEnumObjectsW, for tests alone: counters that can be
   opened and collected, and all stand at zero. */
#include <windows.h>
#include <string.h>

__declspec(dllexport) LONG WINAPI PdhOpenQueryW(const WCHAR *source, DWORD_PTR data, HANDLE *query)
{
    *query = (HANDLE)1;
    return 0;
}

__declspec(dllexport) LONG WINAPI PdhAddEnglishCounterW(HANDLE query, const WCHAR *path, DWORD_PTR data, HANDLE *counter)
{
    *counter = (HANDLE)2;
    return 0;
}

__declspec(dllexport) LONG WINAPI PdhCollectQueryData(HANDLE query) { return 0; }

/* The value is a PDH_FMT_COUNTERVALUE: a status, and 8 bytes for the number. */
__declspec(dllexport) LONG WINAPI PdhGetFormattedCounterValue(HANDLE counter, DWORD format, DWORD *type, void *value)
{
    memset(value, 0, 16);
    return 0;
}

__declspec(dllexport) LONG WINAPI PdhEnumObjectsW(const WCHAR *source, const WCHAR *machine, WCHAR *list, DWORD *size, DWORD detail, BOOL refresh)
{
    return 0;
}

__declspec(dllexport) LONG WINAPI PdhRemoveCounter(HANDLE counter) { return 0; }
__declspec(dllexport) LONG WINAPI PdhCloseQuery(HANDLE query) { return 0; }
