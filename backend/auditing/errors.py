"""What an emergency access is refused for."""

from backend.kernel.errors import LeavesTrace, NotFound, TooMany


class NobodyFound(NotFound, LeavesTrace):
    """Nobody is on file, or not under this name: the same words for both; the attempt is kept."""

    code = "nobody-found"
    title = "没有查到这位居民"
    advice = "请核对姓名和身份证号码后再试；每次查询都会留下记录。"


class TooManyEmergencies(TooMany, LeavesTrace):
    """The doctor's emergency accesses of the day are used up; the attempt is kept."""

    code = "too-many-emergencies"
    title = "今天的紧急调阅次数已用完"
    advice = "今天的紧急调阅次数已用完；确有需要，请由在场的另一位医生调阅，或联系本机构管理员。"
    retry_after_s = 3600
