//! The columns of the tables. Their order is the order of the cells.
use weikefu_tables::Column;

/// Of customers. The last five are told and never taken in.
pub(super) const CUSTOMERS: &[Column] = &[
    Column::new("number", "编号", "Number", 8).or(&["id", "客户编号"]),
    Column::new("name", "昵称", "Name", 20).or(&["nickname", "姓名", "客户昵称"]),
    Column::new("remark", "备注", "Remark", 30).or(&["note", "notes"]),
    Column::new("gender", "性别", "Gender", 8).or(&["sex"]),
    Column::new("phone", "电话", "Phone", 16).or(&["手机", "手机号", "手机号码", "电话号码", "mobile"]),
    Column::new("address", "地址", "Address", 36).or(&["收货地址"]),
    Column::new("tags", "标签", "Tags", 24).or(&["labels", "客户标签"]),
    Column::new("channel", "渠道", "Channel", 16),
    Column::new("openid", "openid", "Openid", 34).or(&["visitor", "访客", "访客编号", "external_id"]),
    Column::new("first_seen", "首次联系", "First contact", 20),
    Column::new("last_seen", "最近联系", "Last contact", 20),
    Column::new("conversations", "会话数", "Conversations", 8),
    Column::new("blocked", "黑名单", "Blacklisted", 8),
];

/// Of service tags. The last two are told and never taken in.
pub(super) const TAGS: &[Column] = &[
    Column::new("name", "标签", "Tag", 24).or(&["标签名称", "名称", "tag_name"]),
    Column::new("customers", "客户数", "Customers", 10),
    Column::new("created", "创建时间", "Created", 20),
];

/// Of quick replies.
pub(super) const QUICK_REPLIES: &[Column] = &[
    Column::new("folder", "文件夹", "Folder", 16).or(&["分组"]),
    Column::new("title", "标题", "Title", 20),
    Column::new("text", "内容", "Text", 60).or(&["回复内容", "content"]),
];
